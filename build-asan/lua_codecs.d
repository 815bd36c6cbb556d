build-asan/lua_codecs.o: src/lua_codecs.c src/lua_core.h \
 /usr/include/lua5.4/lauxlib.h /usr/include/lua5.4/luaconf.h \
 /usr/include/lua5.4/lua.h /usr/include/lua5.4/lua.h src/error.h \
 src/envelope.h src/text.h src/http_parser.h src/http_head.h \
 src/signature.h src/websocket.h src/buffer.h
src/lua_core.h:
/usr/include/lua5.4/lauxlib.h:
/usr/include/lua5.4/luaconf.h:
/usr/include/lua5.4/lua.h:
/usr/include/lua5.4/lua.h:
src/error.h:
src/envelope.h:
src/text.h:
src/http_parser.h:
src/http_head.h:
src/signature.h:
src/websocket.h:
src/buffer.h:
