build-asan/websocket_connection.o: src/websocket_connection.c \
 src/websocket_connection.h src/error.h src/net_options.h src/websocket.h \
 src/buffer.h src/net_failure.h src/websocket_upgrade.h
src/websocket_connection.h:
src/error.h:
src/net_options.h:
src/websocket.h:
src/buffer.h:
src/net_failure.h:
src/websocket_upgrade.h:
