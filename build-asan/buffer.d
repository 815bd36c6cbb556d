build-asan/buffer.o: src/buffer.c src/buffer.h src/error.h
src/buffer.h:
src/error.h:
