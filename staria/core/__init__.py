"What every wing shares: mistakes in one line, devices, files, configs, tables."
