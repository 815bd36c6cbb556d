build-asan/rtm.o: src/rtm.c src/rtm.h src/socket_protocol.h \
 src/socket_mode_intake.h src/ack_ledger.h src/envelope.h src/text.h \
 src/log.h src/mailbox.h src/message.h src/socket_mode.h src/error.h \
 src/http_client.h src/http_request.h src/net_options.h \
 src/websocket_connection.h src/websocket.h src/buffer.h \
 src/socket_mode_open.h src/json_field.h
src/rtm.h:
src/socket_protocol.h:
src/socket_mode_intake.h:
src/ack_ledger.h:
src/envelope.h:
src/text.h:
src/log.h:
src/mailbox.h:
src/message.h:
src/socket_mode.h:
src/error.h:
src/http_client.h:
src/http_request.h:
src/net_options.h:
src/websocket_connection.h:
src/websocket.h:
src/buffer.h:
src/socket_mode_open.h:
src/json_field.h:
