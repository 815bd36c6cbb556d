build-asan/slack_body.o: src/slack_body.c src/slack_body.h src/buffer.h \
 src/envelope.h src/text.h src/http_form.h src/http_head.h src/error.h \
 src/json_field.h src/utf8.h
src/slack_body.h:
src/buffer.h:
src/envelope.h:
src/text.h:
src/http_form.h:
src/http_head.h:
src/error.h:
src/json_field.h:
src/utf8.h:
