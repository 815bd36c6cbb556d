build-asan/websocket.o: src/websocket.c src/websocket.h src/buffer.h \
 src/error.h src/utf8.h
src/websocket.h:
src/buffer.h:
src/error.h:
src/utf8.h:
