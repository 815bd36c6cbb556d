build-asan/socket_mode_open.o: src/socket_mode_open.c \
 src/socket_mode_open.h src/error.h src/http_client.h src/http_request.h \
 src/message.h src/net_options.h src/log.h src/mailbox.h src/clock.h \
 src/envelope.h src/text.h src/json_field.h
src/socket_mode_open.h:
src/error.h:
src/http_client.h:
src/http_request.h:
src/message.h:
src/net_options.h:
src/log.h:
src/mailbox.h:
src/clock.h:
src/envelope.h:
src/text.h:
src/json_field.h:
