build-asan/socket_mode_acks.o: src/socket_mode_acks.c \
 src/socket_mode_acks.h src/ack_ledger.h src/mailbox.h src/message.h \
 src/socket_mode.h src/error.h src/http_client.h src/http_request.h \
 src/net_options.h src/log.h src/websocket_connection.h src/websocket.h \
 src/buffer.h src/clock.h
src/socket_mode_acks.h:
src/ack_ledger.h:
src/mailbox.h:
src/message.h:
src/socket_mode.h:
src/error.h:
src/http_client.h:
src/http_request.h:
src/net_options.h:
src/log.h:
src/websocket_connection.h:
src/websocket.h:
src/buffer.h:
src/clock.h:
