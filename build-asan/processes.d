build-asan/processes.o: src/processes.c src/processes.h
src/processes.h:
