build-asan/lua_core.o: src/lua_core.c src/lua_core.h \
 /usr/include/lua5.4/lauxlib.h /usr/include/lua5.4/luaconf.h \
 /usr/include/lua5.4/lua.h /usr/include/lua5.4/lua.h src/error.h \
 src/clock.h src/net_options.h
src/lua_core.h:
/usr/include/lua5.4/lauxlib.h:
/usr/include/lua5.4/luaconf.h:
/usr/include/lua5.4/lua.h:
/usr/include/lua5.4/lua.h:
src/error.h:
src/clock.h:
src/net_options.h:
