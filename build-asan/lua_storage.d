build-asan/lua_storage.o: src/lua_storage.c src/lua_core.h \
 /usr/include/lua5.4/lauxlib.h /usr/include/lua5.4/luaconf.h \
 /usr/include/lua5.4/lua.h /usr/include/lua5.4/lua.h src/error.h \
 src/mailbox.h src/message.h src/storage.h src/storage_job.h src/buffer.h \
 src/text.h src/storage_sqlite.h
src/lua_core.h:
/usr/include/lua5.4/lauxlib.h:
/usr/include/lua5.4/luaconf.h:
/usr/include/lua5.4/lua.h:
/usr/include/lua5.4/lua.h:
src/error.h:
src/mailbox.h:
src/message.h:
src/storage.h:
src/storage_job.h:
src/buffer.h:
src/text.h:
src/storage_sqlite.h:
