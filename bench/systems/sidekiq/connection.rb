# frozen_string_literal: true

# How Sidekiq in the bench reaches Redis: through hiredis where it is installed, as Sidekiq's documentation advises.
begin
  require "redis/connection/hiredis"
rescue LoadError
  nil
end

CONNECTION = { url: ENV.fetch("BENCH_REDIS_URL") }.freeze
