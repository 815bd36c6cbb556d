# lua-slack: build, test and install. `make help` lists the targets,
# V=1 shows the commands.

LUA         ?= lua5.4
LUA_PC      ?= lua5.4
LUA_VERSION ?= 5.4
PKG_CONFIG  ?= pkg-config
LUAROCKS    ?= luarocks --lua-version $(LUA_VERSION)
BUSTED      ?= $(LUA) spec/support/busted.lua --output spec/support/tally.lua
PREFIX      ?= /usr/local
DESTDIR     ?=
CC          ?= cc
BUILD       ?= build
SPEC_PROCESSES ?= 2
CFLAGS      ?= -O2 -g
WARNINGS    ?= -Wall -Wextra -Wshadow -Wstrict-prototypes -Wconversion -Wno-sign-conversion -Werror

LUA_DIR = $(DESTDIR)$(PREFIX)/share/lua/$(LUA_VERSION)
LIB_DIR = $(DESTDIR)$(PREFIX)/lib/lua/$(LUA_VERSION)
BIN_DIR = $(DESTDIR)$(PREFIX)/bin

# Debian packages: to build, to run the specs, and what only CI needs besides.
DEPS_BUILD = gcc libc6-dev pkg-config lua5.4 liblua5.4-dev lua-cjson \
  libwebsockets-dev libcurl4-openssl-dev libssl-dev libsqlite3-dev \
  libhiredis-dev zlib1g-dev
DEPS_TEST  = lua-busted lua-lpeg tinyproxy-bin nghttp2-server redis-server curl openssl tzdata \
  iproute2 ca-certificates
DEPS_PEERS = nodejs $(if $(shell command -v npm),,npm)
DEPS_BROWSER = chromium fonts-noto-color-emoji
# squid and haproxy start a service of their own where they are installed, so they are no matter
# of `make test`.
DEPS_CI    = squid haproxy lua-check luarocks clang clang-format libclang-rt-14-dev valgrind

# Each library is found by pkg-config, or by X_INCDIR and X_LIBDIR where that fails.
flags = $(if $($(2)_INCDIR),-I$($(2)_INCDIR),$(shell $(PKG_CONFIG) --cflags $(1) 2>/dev/null))
libs  = $(if $($(2)_LIBDIR),-L$($(2)_LIBDIR) $(3),$(shell $(PKG_CONFIG) --libs $(1) 2>/dev/null || echo $(3)))

# Looked up where a recipe first needs them, so after `deps`, which may bring
# pkg-config itself, and remembered from then on.
HEADERS = $(eval HEADERS := $(call flags,$(LUA_PC),LUA) $(call flags,libcurl,CURL) \
  $(call flags,libwebsockets,LIBWEBSOCKETS) $(call flags,libcrypto,OPENSSL) \
  $(call flags,sqlite3,SQLITE) $(call flags,hiredis,HIREDIS) \
  $(call flags,zlib,ZLIB))$(HEADERS)
LIBRARIES = $(eval LIBRARIES := $(call libs,libcurl,CURL,-lcurl) \
  $(call libs,libwebsockets,LIBWEBSOCKETS,-lwebsockets) \
  $(call libs,libssl libcrypto,OPENSSL,-lssl -lcrypto) $(call libs,sqlite3,SQLITE,-lsqlite3) \
  $(call libs,hiredis,HIREDIS,-lhiredis) $(call libs,zlib,ZLIB,-lz))$(LIBRARIES)

CPPFLAGS_ALL = $(CPPFLAGS) -D_GNU_SOURCE $(HEADERS)
LDLIBS_ALL = $(LIBRARIES) $(LDLIBS)
CFLAGS_ALL = -std=c11 -fPIC -pthread $(WARNINGS) $(CFLAGS)
SHARED     = $(if $(filter Darwin,$(shell uname)),-bundle -undefined dynamic_lookup,-shared -Wl,-z,nodelete)

# One short line instead of a recipe's command.
say = $(if $(V),,@echo "$(1)";)

SOURCES = $(sort $(wildcard src/*.c))
OBJECTS = $(SOURCES:src/%.c=$(BUILD)/%.o)
MODULE  = $(BUILD)/slack/core.so
C_FILES = $(wildcard src/*.[ch] spec/*/*.[ch])

.PHONY: all help deps deps-build deps-ci test unit faults fuzz test-peers test-browser test-rock soak demo bench \
  bench-check bench-baseline bench-compare bench-readme bench-deps lint check-types methods events types emoji sanitize install rock clean

all: $(MODULE)           ## build the C module in place, under build/

help:                    ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /  \1	/p' $(MAKEFILE_LIST) | expand -t 18

# `test`, `soak` and `demo` promise to need nothing typed before them.
ifneq ($(filter test soak,$(MAKECMDGOALS)),)
$(OBJECTS): | deps
else ifneq ($(filter demo,$(MAKECMDGOALS)),)
$(OBJECTS): | deps-build
endif

$(MODULE): $(OBJECTS)
	@mkdir -p $(@D)
	$(call say,link $@)$(CC) $(SHARED) -pthread $(CFLAGS) $(LDFLAGS) -o $@ $(OBJECTS) $(LDLIBS_ALL)

$(BUILD)/%.o: src/%.c
	@mkdir -p $(@D)
	$(call say,cc $<)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

-include $(OBJECTS:.o=.d)

deps:                    ## install what building and testing need (Debian; elsewhere: names it)
	@LUA_PC=$(LUA_PC) PKG_CONFIG=$(PKG_CONFIG) .ci/deps $(DEPS_BUILD) $(DEPS_TEST)

deps-build:              ## install what building needs alone
	@LUA_PC=$(LUA_PC) PKG_CONFIG=$(PKG_CONFIG) .ci/deps $(DEPS_BUILD)

deps-ci: deps            ## install what .ci/run needs besides
	@.ci/deps $(DEPS_CI) $(DEPS_PEERS) $(DEPS_BROWSER)

test: deps all unit      ## run the specs
	SLACK_CORE_DIR=$(BUILD) spec/support/side_by_side $(SPEC_PROCESSES) $(BUSTED)

faults: all unit $(BUILD)/peers/package.json ## break the network in every way, under events, for lua-slack and Bolt side by side; prints the README's table
	SLACK_CORE_DIR=$(BUILD) NODE_PATH=$(BUILD)/peers/node_modules $(LUA) spec/faults/run.lua

test-peers: all $(BUILD)/peers/package.json ## run Bolt for JavaScript (Node, npm) against the local Slack
	SLACK_CORE_DIR=$(BUILD) NODE_PATH=$(BUILD)/peers/node_modules $(BUSTED) --run=peers

test-browser: all $(BUILD)/browser/package.json ## use the page of the local Slack in Chromium (SCREENSHOTS=folder keeps pictures)
	SLACK_CORE_DIR=$(BUILD) NODE_PATH=$(abspath $(BUILD))/browser/node_modules $(BUSTED) --run=browser

$(BUILD)/%/package.json: spec/%/package.json
	@mkdir -p $(@D)
	cp $< $@
	npm install --prefix $(@D) --no-package-lock --no-audit --no-fund --loglevel=error || { rm $@; exit 1; }

UNIT = $(patsubst spec/unit/%.c,$(BUILD)/unit/%,$(wildcard spec/unit/*_test.c spec/unit/*_server.c))

unit: $(UNIT) $(BUILD)/bench/load_server ## build the programs in C that `test` runs

$(BUILD)/unit/%: spec/unit/%.c $(wildcard spec/unit/*.h) $(filter-out $(BUILD)/lua_%,$(OBJECTS))
	@mkdir -p $(@D)
	$(call say,cc $<)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -Isrc $(LDFLAGS) -o $@ $(filter-out %.h,$^) $(LDLIBS_ALL)

# A fuzz target is a program of its own source and what it needs of the C module, by clang, or a
# script that runs in one that has all of it.
FUZZ_SECONDS ?= 60
FUZZ_CC      ?= clang
FUZZ_CFLAGS  ?= -O1 -g
FUZZ         = $(patsubst spec/fuzz/fuzz_%.c,%,$(wildcard spec/fuzz/fuzz_*.c))
FUZZ_LUA     = $(patsubst spec/fuzz/fuzz_%.lua,%,$(wildcard spec/fuzz/fuzz_*.lua))
FUZZ_OBJECTS = $(SOURCES:src/%.c=$(BUILD)/fuzz/%.o)
FUZZ_COMPILE = $(FUZZ_CC) $(CPPFLAGS_ALL) -std=c11 -pthread $(WARNINGS) $(FUZZ_CFLAGS) \
  -fno-sanitize-recover=undefined -MMD -MP

fuzz: $(FUZZ:%=fuzz-%) $(FUZZ_LUA:%=fuzz-%) ## invented input for all that reads bytes of others, FUZZ_SECONDS (60) each (-j2; needs clang)

.PHONY: $(FUZZ:%=fuzz-%) $(FUZZ_LUA:%=fuzz-%)
$(FUZZ:%=fuzz-%): fuzz-%: $(BUILD)/fuzz/fuzz_%
	$(call feed,$<,-max_len=2000)

$(FUZZ_LUA:%=fuzz-%): fuzz-%: $(BUILD)/fuzz/lua_target
	$(call feed,FUZZ_SCRIPT=spec/fuzz/fuzz_$*.lua $<,-max_len=4000 -detect_leaks=0)

feed = @[ "$(FUZZ_SECONDS)" -ge 1 ] 2>/dev/null || { \
  echo "FUZZ_SECONDS=$(FUZZ_SECONDS): a whole number of seconds, at least 1, expected" >&2; exit 2; }; \
  echo "$*: $(FUZZ_SECONDS) s of invented input; $(BUILD)/fuzz/$*.log has what libFuzzer says"; \
  mkdir -p $(BUILD)/fuzz/$*; LUA_PATH="./spec/?.lua;./lua/?.lua;./lua/?/init.lua;;" $(1) \
  -max_total_time=$(FUZZ_SECONDS) $(2) -timeout=60 -print_final_stats=1 -artifact_prefix=$(BUILD)/fuzz/$*- \
  $(BUILD)/fuzz/$* spec/fuzz/corpus/$* \
  >$(BUILD)/fuzz/$*.log 2>&1 || { tail -n 60 $(BUILD)/fuzz/$*.log; exit 1; }; \
  echo "$*: `sed -n 's/stat::number_of_executed_units: *//p' $(BUILD)/fuzz/$*.log` executions, nothing found"

$(BUILD)/fuzz/fuzz_%: spec/fuzz/fuzz_%.c $(BUILD)/fuzz/slack.a
	$(call say,cc $<)$(FUZZ_COMPILE) -fsanitize=fuzzer,address,undefined -Isrc -o $@ $(filter %.c %.a,$^) \
	  $(LDLIBS_ALL) $(call libs,$(LUA_PC),LUA,-llua5.4)

$(BUILD)/fuzz/lua_target: spec/fuzz/lua_target.c $(BUILD)/fuzz/slack.a
	$(call say,cc $<)$(FUZZ_COMPILE) -fsanitize=fuzzer,address,undefined -Isrc -o $@ $(filter %.c %.a,$^) \
	  $(LDLIBS_ALL) $(call libs,$(LUA_PC),LUA,-llua5.4)

$(BUILD)/fuzz/slack.a: $(FUZZ_OBJECTS)
	@rm -f $@
	$(call say,ar $@)$(AR) rcs $@ $^

$(BUILD)/fuzz/%.o: src/%.c
	@mkdir -p $(@D)
	$(call say,cc $< for fuzzing)$(FUZZ_COMPILE) -fsanitize=fuzzer-no-link,address,undefined -c -o $@ $<

-include $(wildcard $(BUILD)/fuzz/*.d)

soak: deps all unit      ## bots under all that can befall them, 10 minutes in all; SOAK=2h, 30m, 90s: so long (a number alone: hours); SOAK_ONLY=mixed|memory|reload|inbox: that alone
	@SLACK_CORE_DIR=$(BUILD) SOAK=$(or $(SOAK),10m) SOAK_ONLY=$(SOAK_ONLY) $(LUA) spec/soak/run.lua

test-rock:               ## install the rock into a fresh tree and use it from there
	$(BUSTED) --run=rock

demo: deps-build all     ## a bot in a local Slack, with its page: a short play, then it is your turn; STAY=0: only the play
	@LUA_PATH="./lua/?.lua;./lua/?/init.lua;;" LUA_CPATH="$(BUILD)/?.so;;" STAY=$(STAY) \
	  $(LUA) examples/demo/main.lua

GENERATE = LUA_PATH="./spec/?.lua;./lua/?.lua;./lua/?/init.lua;;" LUA_CPATH="$(BUILD)/?.so;;" $(LUA)

methods:                 ## make the table of Web API methods anew from CATALOGUE=file.json
	$(GENERATE) spec/generate/methods.lua $(CATALOGUE)

events:                  ## make the table of events and their scopes anew
	$(GENERATE) spec/generate/events.lua

emoji:                   ## make the emoji of the page anew from EMOJI=emoji-datasource/emoji.json
	$(GENERATE) spec/generate/emoji.lua $(EMOJI)

types:                   ## make the annotations for editors anew from that table
	$(GENERATE) spec/generate/types.lua

check-types:             ## what lua-language-server (LUALS=path) makes of the annotations
	LUALS=$(LUALS) SLACK_CORE_DIR=$(BUILD) $(BUSTED) --run=editor

lint:                    ## luacheck and clang-format
	luacheck -q lua spec examples
	clang-format --dry-run -Werror $(C_FILES)

sanitize:                ## the specs under ASan+UBSan and TSan, start and stop under valgrind
	+spec/sanitize/run

install: all             ## copy into PREFIX/share/lua/5.4, PREFIX/lib/lua/5.4 and PREFIX/bin
	install -d $(LUA_DIR) $(LIB_DIR)/slack $(BIN_DIR)
	cp -R lua/slack $(LUA_DIR)
	install -m 755 $(MODULE) $(LIB_DIR)/slack/core.so
	sed '1s,env .*,env $(LUA),' lua/slack/command/main.lua >$(BIN_DIR)/lua-slack
	chmod 755 $(BIN_DIR)/lua-slack

rock:                    ## build and install the rock of this tree with LuaRocks
	$(LUAROCKS) make rockspec/lua-slack-scm-1.rockspec

BENCH = $(addprefix $(BUILD)/bench/,load_server load_client call_server bare_lws bare_lws_http \
  bare_lws_raw bare_curl bare_curl_post)

COUNT = $(addprefix $(BUILD)/bench/,count_frames count_requests count.so load_server call_server)

bench: all $(BENCH)      ## measure beside bare C programs, and peers when bench-deps has been made (BENCH_JSON=file)
	$(LUA) spec/bench/run.lua $(BUILD)

bench-compare:           ## what moved beyond noise between the files of two runs: OLD=a.json NEW=b.json
	@$(LUA) spec/bench/compare.lua $(OLD) $(NEW) $(if $(ALL),all)

bench-readme: all        ## write what RESULTS=build/bench/results.json found into the READMEs
	$(LUA) spec/bench/readme.lua $(BUILD) $(or $(RESULTS),$(BUILD)/bench/results.json) README.md \
	  spec/bench/README.md

bench-check: all $(COUNT) ## count the instructions of the event path, at most 5 % more than the baseline
	$(LUA) spec/bench/check.lua $(BUILD)

bench-baseline: all $(COUNT) ## count them and write the baseline anew
	$(LUA) spec/bench/check.lua $(BUILD) baseline

SLACK_GO = $(addprefix $(BUILD)/bench/,slack_go slack_go_http slack_go_web_api)

bench-deps: $(SLACK_GO)  ## install Bolt, build slack-go's clients (needs npm and Go)
	npm install --no-package-lock --prefix $(BUILD)/bench @slack/bolt @slack/web-api

# Of the C module each of these takes what it needs.
$(BUILD)/bench/slack.a: $(filter-out $(BUILD)/lua_%,$(OBJECTS))
	@mkdir -p $(@D)
	@rm -f $@
	$(call say,ar $@)$(AR) rcs $@ $^

$(BUILD)/bench/load_server: $(addprefix $(BUILD)/bench/,load_server.o load.o latencies.o peer.o \
  link.o events.o child.o memory.o slack.a)
$(BUILD)/bench/load_client: $(addprefix $(BUILD)/bench/,load_client.o latencies.o posts.o link.o \
  events.o child.o slack.a)
$(BUILD)/bench/call_server: $(addprefix $(BUILD)/bench/,call_server.o api_answers.o link.o child.o \
  slack.a)
$(BUILD)/bench/bare_curl: $(addprefix $(BUILD)/bench/,bare_curl.o slack.a)
$(BUILD)/bench/bare_curl_post: $(addprefix $(BUILD)/bench/,bare_curl_post.o slack.a)
$(BUILD)/bench/bare_lws: $(BUILD)/bench/bare_lws.o
$(BUILD)/bench/bare_lws_http: $(addprefix $(BUILD)/bench/,bare_lws_http.o serve.o)
$(BUILD)/bench/bare_lws_raw: $(addprefix $(BUILD)/bench/,bare_lws_raw.o serve.o)
$(BUILD)/bench/count_frames: $(addprefix $(BUILD)/bench/,count_frames.o events.o slack.a)
$(BUILD)/bench/count_requests: $(addprefix $(BUILD)/bench/,count_requests.o posts.o events.o \
  slack.a)
$(sort $(BENCH) $(filter-out %.so,$(COUNT))):
	$(call say,link $@)$(CC) -pthread $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS_ALL) -lssl

$(BUILD)/bench/count.so: $(BUILD)/bench/count.o
	$(call say,link $@)$(CC) $(SHARED) $(CFLAGS) $(LDFLAGS) -o $@ $<

$(BUILD)/bench/%.o: spec/bench/%.c
	@mkdir -p $(@D)
	$(call say,cc $<)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

-include $(wildcard $(BUILD)/bench/*.d)

$(SLACK_GO): $(BUILD)/bench/%: spec/bench/peers/%.go
	@mkdir -p $(@D)
	GO111MODULE=off GOFLAGS= GOPATH=/usr/share/gocode go build -o $@ $<

clean:                   ## remove what was built
	rm -rf $(BUILD)
