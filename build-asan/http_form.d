build-asan/http_form.o: src/http_form.c src/http_form.h src/buffer.h \
 src/http_head.h src/text.h src/error.h src/utf8.h
src/http_form.h:
src/buffer.h:
src/http_head.h:
src/text.h:
src/error.h:
src/utf8.h:
