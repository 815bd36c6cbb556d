build-asan/lua_poller.o: src/lua_poller.c src/lua_core.h \
 /usr/include/lua5.4/lauxlib.h /usr/include/lua5.4/luaconf.h \
 /usr/include/lua5.4/lua.h /usr/include/lua5.4/lua.h src/error.h \
 src/clock.h src/poller.h src/signals.h
src/lua_core.h:
/usr/include/lua5.4/lauxlib.h:
/usr/include/lua5.4/luaconf.h:
/usr/include/lua5.4/lua.h:
/usr/include/lua5.4/lua.h:
src/error.h:
src/clock.h:
src/poller.h:
src/signals.h:
