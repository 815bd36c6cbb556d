build-asan/server_listener.o: src/server_listener.c src/clock.h \
 src/server_socket.h src/deadlines.h src/http_answer.h src/buffer.h \
 src/http_head.h src/text.h src/http_gate.h src/http_server.h src/error.h \
 src/http_parser.h src/log.h src/mailbox.h src/message.h src/log_limit.h \
 src/server_thread.h src/server_tls.h src/slots.h
src/clock.h:
src/server_socket.h:
src/deadlines.h:
src/http_answer.h:
src/buffer.h:
src/http_head.h:
src/text.h:
src/http_gate.h:
src/http_server.h:
src/error.h:
src/http_parser.h:
src/log.h:
src/mailbox.h:
src/message.h:
src/log_limit.h:
src/server_thread.h:
src/server_tls.h:
src/slots.h:
