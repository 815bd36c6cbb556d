build-asan/slack_headers.o: src/slack_headers.c src/slack_headers.h \
 src/http_head.h src/text.h
src/slack_headers.h:
src/http_head.h:
src/text.h:
