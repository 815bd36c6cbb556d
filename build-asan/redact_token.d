build-asan/redact_token.o: src/redact_token.c src/redact_rules.h
src/redact_rules.h:
