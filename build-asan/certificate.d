build-asan/certificate.o: src/certificate.c src/certificate.h \
 src/buffer.h src/error.h
src/certificate.h:
src/buffer.h:
src/error.h:
