build-asan/lua_socket_mode.o: src/lua_socket_mode.c src/lua_core.h \
 /usr/include/lua5.4/lauxlib.h /usr/include/lua5.4/luaconf.h \
 /usr/include/lua5.4/lua.h /usr/include/lua5.4/lua.h src/error.h \
 src/clock.h src/rtm.h src/socket_protocol.h src/socket_mode_intake.h \
 src/ack_ledger.h src/envelope.h src/text.h src/log.h src/mailbox.h \
 src/message.h src/socket_mode.h src/http_client.h src/http_request.h \
 src/net_options.h src/websocket_connection.h src/websocket.h \
 src/buffer.h src/socket_mode_open.h
src/lua_core.h:
/usr/include/lua5.4/lauxlib.h:
/usr/include/lua5.4/luaconf.h:
/usr/include/lua5.4/lua.h:
/usr/include/lua5.4/lua.h:
src/error.h:
src/clock.h:
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
src/http_client.h:
src/http_request.h:
src/net_options.h:
src/websocket_connection.h:
src/websocket.h:
src/buffer.h:
src/socket_mode_open.h:
