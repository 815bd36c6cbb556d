build-asan/slack_delivery.o: src/slack_delivery.c src/slack_delivery.h \
 src/http_receiver.h src/error.h src/http_gate.h src/http_head.h \
 src/text.h src/log.h src/mailbox.h src/message.h src/slack_headers.h
src/slack_delivery.h:
src/http_receiver.h:
src/error.h:
src/http_gate.h:
src/http_head.h:
src/text.h:
src/log.h:
src/mailbox.h:
src/message.h:
src/slack_headers.h:
