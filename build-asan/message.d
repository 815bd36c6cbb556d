build-asan/message.o: src/message.c src/message.h
src/message.h:
