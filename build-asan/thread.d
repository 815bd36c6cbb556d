build-asan/thread.o: src/thread.c src/thread.h src/error.h
src/thread.h:
src/error.h:
