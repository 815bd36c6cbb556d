build-asan/listener.o: src/listener.c src/listener.h src/error.h
src/listener.h:
src/error.h:
