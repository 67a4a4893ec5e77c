# SPDX-License-Identifier: Apache-2.0
# Ruby's Net::HTTP: calls of Anthropic's messages, one after the other on one connection.

require "json"
require "net/http"
require "openssl"

base = URI(ENV.fetch("ANTHROPIC_BASE_URL", "https://api.anthropic.com"))
proxy = ENV["HTTPS_PROXY"] && URI(ENV["HTTPS_PROXY"])
# One that is nil would be asked of the environment.
http = Net::HTTP.new(base.host, base.port, *(proxy ? [proxy.host, proxy.port] : [nil]))
http.use_ssl = true
http.ca_file = ENV.fetch("SSL_CERT_FILE")

def request(words, stream)
  body = { model: "claude-sonnet-4-5#{words}", max_tokens: 400, stream: stream, messages: [{ role: "user", content: "How far?" }] }
  headers = { "x-api-key" => ENV.fetch("ANTHROPIC_API_KEY"), "anthropic-version" => "2023-06-01", "content-type" => "application/json" }
  Net::HTTP::Post.new("/v1/messages", headers).tap { |post| post.body = JSON.generate(body) }
end

http.start do
  ["", "+gzip", "+chop=5", "+status=429", "+slow=20ms"].each do |words|
    puts "whole#{words} #{http.request(request(words, false)).body}"
    http.request(request(words, true)) do |answer|
      pieces = +""
      answer.read_body { |piece| pieces << piece }
      puts "stream#{words} #{answer.code} #{pieces}"
    end
  end
end
