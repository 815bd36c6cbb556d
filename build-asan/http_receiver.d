build-asan/http_receiver.o: src/http_receiver.c src/http_receiver.h \
 src/error.h src/http_gate.h src/http_head.h src/text.h src/log.h \
 src/mailbox.h src/message.h src/buffer.h src/clock.h src/json_field.h \
 src/envelope.h src/receiver_paths.h src/receiver_tally.h src/log_limit.h \
 src/signature.h src/slack_body.h src/http_form.h src/slack_delivery.h \
 src/slack_headers.h src/socket_mode.h src/http_client.h \
 src/http_request.h src/net_options.h
src/http_receiver.h:
src/error.h:
src/http_gate.h:
src/http_head.h:
src/text.h:
src/log.h:
src/mailbox.h:
src/message.h:
src/buffer.h:
src/clock.h:
src/json_field.h:
src/envelope.h:
src/receiver_paths.h:
src/receiver_tally.h:
src/log_limit.h:
src/signature.h:
src/slack_body.h:
src/http_form.h:
src/slack_delivery.h:
src/slack_headers.h:
src/socket_mode.h:
src/http_client.h:
src/http_request.h:
src/net_options.h:
