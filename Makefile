# lua-slack: build, test and install. `make help` lists the targets.

LUA         ?= lua5.4
LUA_PC      ?= lua5.4
PKG_CONFIG  ?= pkg-config
PREFIX      ?= /usr/local
CC          ?= cc
BUILD       ?= build
CFLAGS      ?= -O2 -g
WARNINGS    ?= -Wall -Wextra -Wshadow -Wstrict-prototypes -Wconversion -Wno-sign-conversion -Werror

# Each library is found by pkg-config, or by X_INCDIR and X_LIBDIR where that fails.
flags = $(if $($(2)_INCDIR),-I$($(2)_INCDIR),$(shell $(PKG_CONFIG) --cflags $(1) 2>/dev/null))
libs  = $(if $($(2)_LIBDIR),-L$($(2)_LIBDIR) $(3),$(shell $(PKG_CONFIG) --libs $(1) 2>/dev/null || echo $(3)))

CPPFLAGS_ALL = $(CPPFLAGS) -D_GNU_SOURCE $(call flags,$(LUA_PC),LUA) $(call flags,libcurl,CURL) \
  $(call flags,libwebsockets,LIBWEBSOCKETS) $(call flags,libcrypto,OPENSSL)
CFLAGS_ALL   = -std=c11 -fPIC -pthread $(WARNINGS) $(CFLAGS)
LDLIBS_ALL   = $(call libs,libcurl,CURL,-lcurl) $(call libs,libwebsockets,LIBWEBSOCKETS,-lwebsockets) \
  $(call libs,libcrypto,OPENSSL,-lcrypto) $(LDLIBS)

SOURCES = $(sort $(wildcard src/*.c))
OBJECTS = $(SOURCES:src/%.c=$(BUILD)/%.o)
MODULE  = $(BUILD)/slack/core.so

.PHONY: all clean

all: $(MODULE)

$(MODULE): $(OBJECTS)
	@mkdir -p $(@D)
	$(CC) -shared -pthread -Wl,-z,nodelete $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS_ALL)

$(BUILD)/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

-include $(OBJECTS:.o=.d)

clean:
	rm -rf $(BUILD)
