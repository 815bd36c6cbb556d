build-asan/receiver_paths.o: src/receiver_paths.c src/receiver_paths.h \
 src/http_receiver.h src/error.h src/http_gate.h src/http_head.h \
 src/text.h src/log.h src/mailbox.h src/message.h
src/receiver_paths.h:
src/http_receiver.h:
src/error.h:
src/http_gate.h:
src/http_head.h:
src/text.h:
src/log.h:
src/mailbox.h:
src/message.h:
