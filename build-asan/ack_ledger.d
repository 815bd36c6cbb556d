build-asan/ack_ledger.o: src/ack_ledger.c src/ack_ledger.h src/clock.h \
 src/error.h
src/ack_ledger.h:
src/clock.h:
src/error.h:
