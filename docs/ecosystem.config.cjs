// For PM2: `pm2 start ecosystem.config.cjs`, beside the program, marktwerk.toml and .env. The process keeps the name that the system in
// use today has, so that `pm2 logs temu-api` and `pm2 logs temu-api | grep order_workflow` work as before. Where PM2 still knows that one,
// `pm2 delete temu-api && pm2 save --force` comes first: PM2 would start the old program again, for it goes by the name. `pm2 save` afterwards.
module.exports = {
  apps: [
    {
      name: "temu-api",
      script: "./marktwerk",
      // Wherever PM2 is called from.
      cwd: __dirname,
      interpreter: "none",
      // One process: the data folder belongs to it.
      instances: 1,
      exec_mode: "fork",
      // SIGINT asks for an orderly end, which waits for running work ([scheduler] shutdown_grace_seconds and a little more).
      kill_timeout: 20000,
      restart_delay: 2000,
      // Each line bears its own time.
      time: false,
      merge_logs: true,
    },
  ],
};
