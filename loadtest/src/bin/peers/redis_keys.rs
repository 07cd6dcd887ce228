//! A key for each seat that is taken, in Redis: a script looks at all the seats of a wish and takes them or none, and Redis lets a key
//! expire by itself. Whether a seat that was given survives a fault of the machine is for that Redis's settings to say.

use redis::aio::MultiplexedConnection;
use redis::{RedisError, Script};
use uuid::Uuid;

use super::rows::LIVES_S;

/// Takes all of `KEYS` for the hold `ARGV[1]`, which lives so many seconds, where nobody has any of them.
const HOLD: &str = "
if redis.call('EXISTS', unpack(KEYS)) > 0 then return 0 end
for _, seat in ipairs(KEYS) do redis.call('SET', seat, ARGV[1], 'EX', ARGV[2]) end
return 1";

/// Gives back what the hold `ARGV[1]` has of `KEYS`.
const RELEASE: &str = "
local given = redis.call('MGET', unpack(KEYS))
for at, seat in ipairs(KEYS) do
    if given[at] == ARGV[1] then redis.call('DEL', seat) end
end
return 1";

/// Seats as keys.
pub struct Keys {
    /// One connection for all: what is asked at once goes out together.
    connection: MultiplexedConnection,
    hold: Script,
    release: Script,
}

impl Keys {
    /// Connects, and forgets whatever was taken.
    ///
    /// # Errors
    /// Where it cannot be reached.
    pub async fn open(url: &str) -> Result<Self, RedisError> {
        let mut connection = redis::Client::open(url)?.get_multiplexed_async_connection().await?;
        redis::cmd("FLUSHDB").exec_async(&mut connection).await?;
        Ok(Self { connection, hold: Script::new(HOLD), release: Script::new(RELEASE) })
    }

    async fn run(&self, script: &Script, seats: &[i32], args: (Uuid, u64)) -> Result<bool, RedisError> {
        let mut asked = script.prepare_invoke();
        for seat in seats {
            asked.key(seat);
        }
        asked.arg(args.0.as_bytes()).arg(args.1);
        asked.invoke_async(&mut self.connection.clone()).await
    }

    /// Whether all were free.
    ///
    /// # Errors
    /// What Redis says.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number of seconds")]
    pub async fn hold(&self, seats: &[i32], hold: Uuid) -> Result<bool, RedisError> {
        self.run(&self.hold, seats, (hold, LIVES_S as u64)).await
    }

    /// Gives back what this hold has of these.
    ///
    /// # Errors
    /// What Redis says.
    pub async fn release(&self, seats: &[i32], hold: Uuid) -> Result<(), RedisError> {
        self.run(&self.release, seats, (hold, 0)).await.map(|_| ())
    }
}
