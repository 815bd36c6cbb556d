build-asan/net_options.o: src/net_options.c src/net_options.h src/error.h
src/net_options.h:
src/error.h:
