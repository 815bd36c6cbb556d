build-asan/http_head.o: src/http_head.c src/http_head.h src/text.h
src/http_head.h:
src/text.h:
