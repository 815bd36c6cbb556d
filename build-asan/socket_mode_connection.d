build-asan/socket_mode_connection.o: src/socket_mode_connection.c \
 src/socket_mode_connection.h src/error.h src/socket_mode.h \
 src/http_client.h src/http_request.h src/message.h src/net_options.h \
 src/log.h src/mailbox.h src/socket_mode_intake.h src/ack_ledger.h \
 src/envelope.h src/text.h src/websocket_connection.h src/websocket.h \
 src/buffer.h src/socket_protocol.h src/socket_mode_open.h src/clock.h
src/socket_mode_connection.h:
src/error.h:
src/socket_mode.h:
src/http_client.h:
src/http_request.h:
src/message.h:
src/net_options.h:
src/log.h:
src/mailbox.h:
src/socket_mode_intake.h:
src/ack_ledger.h:
src/envelope.h:
src/text.h:
src/websocket_connection.h:
src/websocket.h:
src/buffer.h:
src/socket_protocol.h:
src/socket_mode_open.h:
src/clock.h:
