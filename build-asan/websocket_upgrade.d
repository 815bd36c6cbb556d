build-asan/websocket_upgrade.o: src/websocket_upgrade.c \
 src/websocket_upgrade.h src/buffer.h src/error.h
src/websocket_upgrade.h:
src/buffer.h:
src/error.h:
