build-asan/wake.o: src/wake.c src/wake.h src/error.h
src/wake.h:
src/error.h:
