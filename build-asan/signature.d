build-asan/signature.o: src/signature.c src/signature.h src/http_head.h \
 src/text.h src/error.h
src/signature.h:
src/http_head.h:
src/text.h:
src/error.h:
