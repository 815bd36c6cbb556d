build-asan/lua_http_receiver.o: src/lua_http_receiver.c src/lua_core.h \
 /usr/include/lua5.4/lauxlib.h /usr/include/lua5.4/luaconf.h \
 /usr/include/lua5.4/lua.h /usr/include/lua5.4/lua.h src/error.h \
 src/http_receiver.h src/http_gate.h src/http_head.h src/text.h src/log.h \
 src/mailbox.h src/message.h
src/lua_core.h:
/usr/include/lua5.4/lauxlib.h:
/usr/include/lua5.4/luaconf.h:
/usr/include/lua5.4/lua.h:
/usr/include/lua5.4/lua.h:
src/error.h:
src/http_receiver.h:
src/http_gate.h:
src/http_head.h:
src/text.h:
src/log.h:
src/mailbox.h:
src/message.h:
