build-asan/socket_mode_keeper.o: src/socket_mode_keeper.c \
 src/socket_mode_keeper.h src/backoff.h src/socket_mode.h src/error.h \
 src/http_client.h src/http_request.h src/message.h src/net_options.h \
 src/log.h src/mailbox.h src/socket_mode_acks.h src/ack_ledger.h \
 src/websocket_connection.h src/websocket.h src/buffer.h \
 src/socket_mode_connection.h src/socket_mode_intake.h src/envelope.h \
 src/text.h src/socket_protocol.h src/socket_mode_open.h src/clock.h \
 src/socket_mode_slots.h
src/socket_mode_keeper.h:
src/backoff.h:
src/socket_mode.h:
src/error.h:
src/http_client.h:
src/http_request.h:
src/message.h:
src/net_options.h:
src/log.h:
src/mailbox.h:
src/socket_mode_acks.h:
src/ack_ledger.h:
src/websocket_connection.h:
src/websocket.h:
src/buffer.h:
src/socket_mode_connection.h:
src/socket_mode_intake.h:
src/envelope.h:
src/text.h:
src/socket_protocol.h:
src/socket_mode_open.h:
src/clock.h:
src/socket_mode_slots.h:
