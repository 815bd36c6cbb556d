local Process = require "support.process"
local WebServer = require "support.web_server"
local child = require "support.child"
local files = require "support.files"
local slack = require "slack"
local tasks = require "slack.tasks"

describe("a file of certificate authorities", function()
  local directory, path, server, others

  -- Self-signed, of a name of its own.
  local function make_other(name)
    local ok, output = files.run(("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
      .. "-nodes -keyout /dev/null -subj '/O=Others/CN=%s' 2>&1"):format(name))
    assert(ok, output)
    return assert(output:match "%-%-%-%-%-BEGIN CERT.*", output)
  end

  local function start_server()
    return WebServer.start(function() return 200, "here" end, { tls = { names = "IP:127.0.0.1" } })
  end

  setup(function()
    others = { make_other "First", make_other "Second", make_other "Third" }
  end)

  before_each(function()
    directory, server = files.temporary(), start_server()
    path = directory.path .. "/authorities.pem"
  end)

  after_each(function()
    getmetatable(server).__close(server)
    getmetatable(directory).__close(directory)
  end)

  local function authority_of(one)
    return files.read(one.ca_file)
  end

  local function fetch(one, ca_file)
    return slack.fetch((one or server).url .. "/", {
      ca_file = ca_file or path, proxy = "", headers = { Connection = "close" },
    })
  end

  local function assert_known(one)
    local answer, err = fetch(one)
    assert.equal("here", answer and answer.body, tostring(err))
  end

  local function assert_unknown(one, words)
    local answer, err = fetch(one)
    assert.is_nil(answer)
    assert.equal("tls", err.code)
    assert.matches(words or "certificate", err.message)
  end

  for place = 1, 4 do
    it("has the one that is wanted at place " .. place, function()
      local list = { table.unpack(others) }
      table.insert(list, place, authority_of(server))
      files.write(path, table.concat(list))
      assert_known()
    end)
  end

  it("has several of one name, as when a key is replaced", function()
    local other <close> = start_server()
    files.write(path, authority_of(other) .. authority_of(server))
    assert_known(server)
    assert_known(other)
  end)

  it("may hold text for people, other things, and lines that end as in Windows", function()
    local key = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    local text = "# Who we trust\n" .. others[1] .. key .. "\nOurs\n====\n" .. authority_of(server)
      .. "The end."
    files.write(path, (text:gsub("\n", "\r\n")))
    assert_known()
  end)

  it("may hold what OpenSSL calls trusted certificates", function()
    local ok, output = files.run(("openssl x509 -trustout -addtrust serverAuth -in %s"):format(
      server.ca_file))
    assert.is_true(ok and output:find "BEGIN TRUSTED CERTIFICATE" ~= nil, output)
    files.write(path, others[1] .. output)
    assert_known()
  end)

  for place = 1, 3 do
    it("is not used when it is spoilt in part, at place " .. place, function()
      local list = { others[1], authority_of(server) }
      table.insert(list, place, (others[2]:gsub("\n.", "\n!", 2)))
      files.write(path, table.concat(list))
      assert_unknown(server, "authorities.pem .*holds no PEM certificate")
    end)
  end

  it("is not used when its end is missing", function()
    files.write(path, authority_of(server) .. others[1]:sub(1, 200))
    assert_unknown(server, "authorities.pem cannot be used .* is spoilt")
  end)

  it("heeds what makes a certificate trusted in a block of that name alone", function()
    local ok, output = files.run(("openssl x509 -trustout -addreject serverAuth -in %s"):format(
      server.ca_file))
    assert.is_true(ok, output)
    files.write(path, others[1] .. output)
    assert_unknown()
    files.write(path, others[1] .. output:gsub("TRUSTED CERT", "CERT"))
    assert_known()
  end)

  it("may have colons in its name, which makes no directory trusted", function()
    local trusted = directory.path .. "/trusted"
    assert(files.run(("mkdir %s %s:"):format(trusted, trusted)))
    assert(files.run(("cp %s %s/a.pem && openssl rehash %s"):format(server.ca_file, trusted,
      trusted)))
    path = trusted .. ":/authorities.pem"
    files.write(path, others[1])
    assert_unknown(server)
    path = trusted .. ":/both.pem"
    files.write(path, others[1] .. authority_of(server))
    assert_known(server)
  end)

  it("does not have the one that is wanted", function()
    files.write(path, table.concat(others))
    assert_unknown(server, "unable to get local issuer certificate")
  end)

  it("has one of the same name, which is another", function()
    local other <close> = start_server()
    files.write(path, others[1] .. authority_of(other))
    assert_unknown(server)
  end)

  it("is seen by the next connection as it is by then", function()
    local other <close> = start_server()
    files.write(path, others[1] .. authority_of(server))
    assert_known(server)
    assert_unknown(other)
    files.write(path, others[1] .. authority_of(other) .. others[2])
    assert_known(other)
    local third <close> = start_server() -- not one with which a TLS session can go on
    assert_unknown(third)
  end)

  it("is no longer there, of which the error tells", function()
    files.write(path, authority_of(server))
    assert_known()
    os.remove(path)
    local answer, err = fetch()
    assert.is_nil(answer)
    assert.equal("tls", err.code)
  end)

  -- As in images of systems that are kept small.
  it("is missing in the whole system, of which the error tells, and what to install", function()
    local _, user = files.run "id -u"
    local script = directory.path .. "/without"
    files.write(script, 'mount -t tmpfs tmpfs /etc/ssl/certs && "$@"\n')
    local enter = (user:match "^0%s" and "unshare -m" or "unshare -Urm") .. " sh " .. script
    local can, why = files.run(enter .. " true")
    if not can then
      return pending("no file system can be mounted here: " .. why:match "[^\n]*")
    end
    local main = directory.path .. "/main.lua"
    files.write(main, ("package.path, package.cpath = %q, %q\n%s"):format(package.path,
      package.cpath, ([[
        local answer, err = require("slack").fetch("%s/", { proxy = "" })
        print(answer, err.code, err)
      ]]):format(server.url)))
    local process <close> = Process.start(("%s %s %s"):format(enter, child.interpreter(), main),
      { environment = { SSL_CERT_FILE = "" } })
    tasks.run(function()
      while process:is_running() do
        tasks.sleep(0.01)
      end
    end)
    assert.matches("nil\ttls\t.*this system has no certificate authorities %(/etc/ssl/certs/%S+ "
      .. "cannot be read%): install the package ca%-certificates", process:output())
  end)

  it("lets no connection be used that was made for another file", function()
    local wrong = directory.path .. "/others.pem"
    files.write(path, authority_of(server))
    files.write(wrong, others[1])
    local function fetch_with(ca_file)
      return slack.fetch(server.url .. "/", { ca_file = ca_file, proxy = "" })
    end
    assert.equal("here", assert(fetch_with(path)).body)
    local answer, err = fetch_with(wrong)
    assert.is_nil(answer)
    assert.equal("tls", err.code)
    assert.equal("here", assert(fetch_with(path)).body)
    assert.equal(2, #server.requests)
  end)
end)
