build-asan/lua_http_server.o: src/lua_http_server.c src/lua_core.h \
 /usr/include/lua5.4/lauxlib.h /usr/include/lua5.4/luaconf.h \
 /usr/include/lua5.4/lua.h /usr/include/lua5.4/lua.h src/error.h \
 src/certificate.h src/buffer.h src/http_receiver.h src/http_gate.h \
 src/http_head.h src/text.h src/log.h src/mailbox.h src/message.h \
 src/http_server.h src/http_parser.h
src/lua_core.h:
/usr/include/lua5.4/lauxlib.h:
/usr/include/lua5.4/luaconf.h:
/usr/include/lua5.4/lua.h:
/usr/include/lua5.4/lua.h:
src/error.h:
src/certificate.h:
src/buffer.h:
src/http_receiver.h:
src/http_gate.h:
src/http_head.h:
src/text.h:
src/log.h:
src/mailbox.h:
src/message.h:
src/http_server.h:
src/http_parser.h:
