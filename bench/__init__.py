"""How fast lossctl is beside what people run today: ``make bench``."""
