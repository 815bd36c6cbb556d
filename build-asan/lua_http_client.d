build-asan/lua_http_client.o: src/lua_http_client.c src/lua_core.h \
 /usr/include/lua5.4/lauxlib.h /usr/include/lua5.4/luaconf.h \
 /usr/include/lua5.4/lua.h /usr/include/lua5.4/lua.h src/error.h \
 src/http_client.h src/http_request.h src/message.h src/net_options.h \
 src/log.h src/mailbox.h
src/lua_core.h:
/usr/include/lua5.4/lauxlib.h:
/usr/include/lua5.4/luaconf.h:
/usr/include/lua5.4/lua.h:
/usr/include/lua5.4/lua.h:
src/error.h:
src/http_client.h:
src/http_request.h:
src/message.h:
src/net_options.h:
src/log.h:
src/mailbox.h:
