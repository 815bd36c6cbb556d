build-asan/receiver_tally.o: src/receiver_tally.c src/receiver_tally.h \
 src/http_receiver.h src/error.h src/http_gate.h src/http_head.h \
 src/text.h src/log.h src/mailbox.h src/message.h src/log_limit.h \
 src/clock.h
src/receiver_tally.h:
src/http_receiver.h:
src/error.h:
src/http_gate.h:
src/http_head.h:
src/text.h:
src/log.h:
src/mailbox.h:
src/message.h:
src/log_limit.h:
src/clock.h:
