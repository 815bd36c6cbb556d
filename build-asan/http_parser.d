build-asan/http_parser.o: src/http_parser.c src/http_parser.h \
 src/http_head.h src/text.h src/buffer.h src/error.h
src/http_parser.h:
src/http_head.h:
src/text.h:
src/buffer.h:
src/error.h:
