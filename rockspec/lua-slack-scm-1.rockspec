rockspec_format = "3.0"
package = "lua-slack"
version = "scm-1"

source = {
  url = "git+https://github.com/lua-slack/lua-slack.git",
}

description = {
  summary = "A framework for Slack apps, with the network in C and handlers that reload",
  detailed = [[
    Slack apps in Lua 5.4 over Socket Mode. Connections, acknowledgements and
    HTTP run on C threads of their own; handlers are coroutines in scripts that
    are reloaded when saved.
  ]],
  license = "MIT",
  labels = { "slack", "bot", "websocket", "http" },
}

supported_platforms = { "unix" }

dependencies = {
  "lua >= 5.4, < 5.6",
  "lua-cjson >= 2.1.0",
}

external_dependencies = {
  -- by library alone: Debian keeps curl's headers where LuaRocks does not look
  CURL = { library = "curl" },
  LIBWEBSOCKETS = { header = "libwebsockets.h", library = "websockets" },
  OPENSSL = { header = "openssl/hmac.h", library = "crypto" },
  SQLITE = { header = "sqlite3.h", library = "sqlite3" },
  HIREDIS = { header = "hiredis/hiredis.h", library = "hiredis" },
  ZLIB = { header = "zlib.h", library = "z" },
}

build = {
  type = "builtin",
  modules = {
    ["slack.core"] = {
      sources = {
        "src/ack_ledger.c",
        "src/backoff.c",
        "src/buffer.c",
        "src/certificate.c",
        "src/clock.c",
        "src/curl_loop.c",
        "src/deadlines.c",
        "src/envelope.c",
        "src/error.c",
        "src/file_sink.c",
        "src/file_source.c",
        "src/file_watch.c",
        "src/gzip.c",
        "src/http_answer.c",
        "src/http_bodies.c",
        "src/http_client.c",
        "src/http_connection.c",
        "src/http_form.c",
        "src/http_handles.c",
        "src/http_head.c",
        "src/http_headers.c",
        "src/http_host.c",
        "src/http_parser.c",
        "src/http_patience.c",
        "src/http_receiver.c",
        "src/http_request.c",
        "src/http_server.c",
        "src/http_stream.c",
        "src/http_transfer.c",
        "src/http_turns.c",
        "src/json_field.c",
        "src/listener.c",
        "src/log.c",
        "src/log_limit.c",
        "src/lua_codecs.c",
        "src/lua_core.c",
        "src/lua_crypto.c",
        "src/lua_files.c",
        "src/lua_gzip.c",
        "src/lua_headers.c",
        "src/lua_http_client.c",
        "src/lua_http_receiver.c",
        "src/lua_http_server.c",
        "src/lua_http_stream.c",
        "src/lua_json.c",
        "src/lua_json_decode.c",
        "src/lua_mailbox.c",
        "src/lua_poller.c",
        "src/lua_processes.c",
        "src/lua_recent_ids.c",
        "src/lua_socket_mode.c",
        "src/lua_storage.c",
        "src/lua_text_search.c",
        "src/lua_web_api.c",
        "src/mailbox.c",
        "src/message.c",
        "src/net_failure.c",
        "src/net_options.c",
        "src/no_proxy.c",
        "src/poller.c",
        "src/processes.c",
        "src/receiver_paths.c",
        "src/receiver_tally.c",
        "src/recent_ids.c",
        "src/redact.c",
        "src/redact_name.c",
        "src/redact_pass.c",
        "src/redact_token.c",
        "src/redact_url.c",
        "src/redis_batch.c",
        "src/redis_commands.c",
        "src/redis_connection.c",
        "src/redis_failure.c",
        "src/redis_login.c",
        "src/redis_scan.c",
        "src/rtm.c",
        "src/server_listener.c",
        "src/server_orders.c",
        "src/server_thread.c",
        "src/server_tls.c",
        "src/signals.c",
        "src/signature.c",
        "src/slack_body.c",
        "src/slack_delivery.c",
        "src/slack_headers.c",
        "src/slots.c",
        "src/socket_mode.c",
        "src/socket_mode_acks.c",
        "src/socket_mode_connection.c",
        "src/socket_mode_intake.c",
        "src/socket_mode_keeper.c",
        "src/socket_mode_open.c",
        "src/socket_mode_slots.c",
        "src/socket_protocol.c",
        "src/sqlite_failure.c",
        "src/sqlite_queries.c",
        "src/storage.c",
        "src/storage_batch.c",
        "src/storage_job.c",
        "src/storage_redis.c",
        "src/storage_sqlite.c",
        "src/text.c",
        "src/text_search.c",
        "src/thread.c",
        "src/url_origin.c",
        "src/utf8.c",
        "src/wake.c",
        "src/websocket.c",
        "src/websocket_connection.c",
        "src/websocket_server.c",
        "src/websocket_upgrade.c",
      },
      defines = { "_GNU_SOURCE" },
      incdirs = {
        "$(LIBWEBSOCKETS_INCDIR)", "$(OPENSSL_INCDIR)", "$(SQLITE_INCDIR)",
        "$(HIREDIS_INCDIR)", "$(ZLIB_INCDIR)",
      },
      libdirs = {
        "$(CURL_LIBDIR)", "$(LIBWEBSOCKETS_LIBDIR)", "$(OPENSSL_LIBDIR)", "$(SQLITE_LIBDIR)",
        "$(HIREDIS_LIBDIR)", "$(ZLIB_LIBDIR)",
      },
      libraries = { "curl", "websockets", "ssl", "crypto", "sqlite3", "hiredis", "z", "pthread" },
    },
  },
  install = {
    bin = { ["lua-slack"] = "lua/slack/command/main.lua" },
  },
}

test = {
  type = "busted",
}
