build-asan/http_answer.o: src/http_answer.c src/http_answer.h \
 src/buffer.h src/http_head.h src/text.h src/error.h
src/http_answer.h:
src/buffer.h:
src/http_head.h:
src/text.h:
src/error.h:
