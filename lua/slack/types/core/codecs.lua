---@meta _

-- The C module as Lua sees it: signatures, codecs, ids, texts and JSON.

---@class (partial) slack.core
local core = {}

-- Signatures and codecs -------------------------------------------------------

---@param secret string
---@param timestamp string
---@param body string
---@return string signature "v0=..."
function core.sign(secret, timestamp, body) end
---@param secret string
---@param timestamp string
---@param signature string
---@param body string
---@param now integer? seconds since the epoch
---@return boolean valid, string? why "bad_timestamp" | "stale" | "bad_format" | "mismatch"
function core.verify(secret, timestamp, signature, body, now) end

---Bytes that nobody can guess.
---@param count integer 1 to 4096
---@return string
function core.random(count) end

---@param data string
---@return string digest 32 bytes
function core.sha256(data) end

---@param key string
---@param data string
---@return string digest 32 bytes
function core.hmac_sha256(key, data) end

---Decompresses gzip; no more than maximum bytes are ever made.
---@param data string
---@param maximum integer bytes
---@return string? text, string? message, string? code code "invalid_gzip", "too_large" or "memory"
function core.gunzip(data, maximum) end

---Whether it is UTF-8. Costs far less than utf8.len, which counts its characters, too.
---@param text string
---@return boolean
function core.is_utf8(text) end

---The value of one header, without a look at the others.
---@param lines string as received
---@param name string in any case
---@return string? value repeated ones joined by commas
function core.find_header(lines, name) end
---Puts the scopes that the head of an answer tells of into its response_metadata, as lists of
---words: `scopes` and `accepted_scopes`.
---@param answer table
---@param scopes string? the value of X-OAuth-Scopes
---@param accepted string? that of X-Accepted-OAuth-Scopes
function core.add_scopes(answer, scopes, accepted) end

---Compares secrets: the time it takes does not tell where they differ.
---@param a string
---@param b string
---@return boolean
function core.is_equal(a, b) end

---The fields of a Socket Mode frame (envelope.h), for specs and tools.
---@param text string
---@return table?, string? why
function core.scan_envelope(text) end

---@class slack.core.websocket_parser
local websocket_parser = {}
---@param role "client"|"server" whose end reads
---@param maximum integer bytes of a message
---@return slack.core.websocket_parser
function core.websocket_parser(role, maximum) end
---What the bytes complete: a list of {opcode=, data=, close_code=}; after a breach
---of the protocol the last one is {failed = reason, close_code=}.
---@param bytes string
---@return table[]
function websocket_parser:feed(bytes) end
function websocket_parser:close() end
---@param role "client"|"server"
---@param opcode integer
---@param data string
---@return string frame
function core.websocket_frame(role, opcode, data) end

---@class slack.core.http_parser
local http_parser = {}
---@param max_head integer
---@param max_body integer
---@return slack.core.http_parser
function core.http_parser(max_head, max_body) end
---@param bytes string
---@return table[] list of {method, target, headers, body, keep_alive} | {continue = true} | {refused = status, why = text}
function http_parser:feed(bytes) end
function http_parser:close() end

-- Ids --------------------------------------------------------------------------

---Ids seen lately, kept as hashes outside of Lua's memory, in two generations.
---@class slack.core.recent_ids
local recent_ids = {}
---@param limit integer ids of one generation; a full one turns by itself
---@return slack.core.recent_ids
function core.recent_ids(limit) end
---@param id string
---@return boolean new false: it is known already
function recent_ids:add(id) end
---@param id string
function recent_ids:remove(id) end
---The young generation becomes the old one, which is forgotten.
function recent_ids:turn() end
function recent_ids:close() end

-- Texts ------------------------------------------------------------------------

---Finds which of many strings stand anywhere in a text, byte for byte, in one pass.
---@class slack.core.text_search
local text_search = {}
---@param needles string[] copied; any may be empty or equal to another
---@return slack.core.text_search
function core.text_search(needles) end
---@param text string
---@param found integer[] is given the numbers of the needles found, ascending, each once; what
---  stands behind them stays
---@return integer count of them
function text_search:find(text, found) end
function text_search:close() end

-- JSON ------------------------------------------------------------------------

---The metatable of lists that are marked as such; json_decode gives it to empty ones.
---@type table
core.json_list = nil

---Decodes JSON exactly: integers of 64 bits stay integers, null is the NULL light
---userdata (as lua-cjson's), half a surrogate pair becomes U+FFFD.
---@param text string of at most 4,194,304 fields and items in all
---@return any value
---@return string? message what was expected, and at which character
function core.json_decode(text) end

---The same for a text of any number of them.
---@param text string
---@return any value
---@return string? message
function core.json_decode_own(text) end

---@param value any
---@return string? text nil when something in it has no form in JSON
function core.json_encode(value) end

---The same for a table that has nothing but texts, by names that `kinds` has, of kinds that
---`others` does not have.
---@param fields table<string, any>
---@param kinds table<string, string>
---@param others table<string, any>
---@return string? text nil for other tables, an empty one, and texts that are no UTF-8
function core.json_encode_texts(fields, kinds, others) end
