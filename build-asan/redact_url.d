build-asan/redact_url.o: src/redact_url.c src/redact_rules.h
src/redact_rules.h:
