"""What happens: one module per capability. Admin, commands, cron and tasks all call these."""
