build-asan/slots.o: src/slots.c src/slots.h
src/slots.h:
